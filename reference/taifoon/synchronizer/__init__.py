"""Sections 2 to 6 together: one synchronizer, as a state machine around the parts that the other packages define."""
