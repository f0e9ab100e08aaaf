package main
import ("fmt";"os/exec")
func main(){ b,e:=exec.Command("git","--version").Output(); fmt.Println(string(b),e) }
