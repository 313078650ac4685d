"""What the speed claims are measured with: `benchmarks/run NAME`, see README.md beside this file."""
