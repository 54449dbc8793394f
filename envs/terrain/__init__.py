"""Where things lie and how one gets there: mazes, free spots, shortest paths, walking."""
