"""The Tree study: what does the agent know about trees left, before, at and after the collapse?"""
