"""How far the clock of this process is from the simulator's, and how sure that is."""
