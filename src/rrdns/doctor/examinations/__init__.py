"""The examinations, a file each. Pure: what they know of the system, `Host` tells them."""
