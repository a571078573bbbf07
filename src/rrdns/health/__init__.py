"""Health: what is probed, how often, and what the outcomes mean for a member."""
