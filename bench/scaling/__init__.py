"""How far the shop grows: what one order costs, measured, and what breaks first, modelled.

``python -m bench.scaling`` writes the figures of docs/scaling.md from what was measured before;
``--measure`` measures again.
"""
