const char *greeting(void)
{
	return "from the library";
}
