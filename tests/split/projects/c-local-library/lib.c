#include <stdio.h>
void g(void){FILE*f=fopen("/etc/greet/conf.d/rules.conf","r");char b[99];fgets(b,99,f);puts(b);}
