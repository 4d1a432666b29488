"""What staff did: an entry is begun before anything changes, so no change is without one."""
