package main

// #include <gnu/libc-version.h>
import "C"

import "fmt"

func main() {
	fmt.Println("libc", C.GoString(C.gnu_get_libc_version()))
}
