"""Published goal misgeneralisation, trained again and measured: claims beside our numbers, one file a result."""
