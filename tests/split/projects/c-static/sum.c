#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
	long sum = 0;

	for (int at = 1; at < count; at++)
		sum += strtol(words[at], 0, 10);
	printf("%ld\n", sum);
	return 0;
}
