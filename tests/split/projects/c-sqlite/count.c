#include <sqlite3.h>
#include <stdio.h>

int main(void)
{
	sqlite3 *db;
	int code = sqlite3_open(":memory:", &db);

	code |= sqlite3_exec(db, "create table t(a); insert into t values (1), (2)", 0, 0, 0);
	printf("%d %d\n", code, sqlite3_changes(db));
	return sqlite3_close(db);
}
