"""The examples as a package, so that `rrdns demo` has them wherever rrdns is installed."""
