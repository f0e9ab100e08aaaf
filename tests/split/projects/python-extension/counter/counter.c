#include <Python.h>
#include <sqlite3.h>

static PyObject *version(PyObject *self, PyObject *args)
{
	return PyLong_FromLong(sqlite3_libversion_number() / 1000000);
}

static PyMethodDef methods[] = {{"version", version, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "counter", 0, -1, methods};

PyMODINIT_FUNC PyInit_counter(void)
{
	return PyModule_Create(&module);
}
