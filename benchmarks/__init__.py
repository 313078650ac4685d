"""The benchmarks behind the claims about speed: `benchmarks/run NAME`; see README.md next to this file."""
