module example.org/debugging

go 1.23
