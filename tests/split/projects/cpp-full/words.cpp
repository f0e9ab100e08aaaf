#include <iostream>
#include <map>
#include <string>

int main()
{
	std::map<std::string, int> words{{"one", 1}, {"two", 2}};

	for (const auto &[word, count] : words)
		std::cout << word << ' ' << count << '\n';
}
