#include <stdio.h>
#include "greet.h"

int main(void)
{
	char line[80];
	FILE *words = fopen(WORDS, "r");

	if (!words || !fgets(line, sizeof line, words))
		return 1;
	printf("%s", line);
	return 0;
}
