"""What operators watch: figures of this process and of the shop, and the worker's own port."""
