module a.test/x

go 1.23
