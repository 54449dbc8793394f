"""gridlens compare: two or more classifiers, agents, snapshots of one agent, or populations of agents on one page."""
