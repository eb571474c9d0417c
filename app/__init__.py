"""What people see: the page, the player, the figures and the files to take away."""
