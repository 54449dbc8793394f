"""The study of Monster: why does the agent of 25-step levels go for shields when no monster is left?"""
