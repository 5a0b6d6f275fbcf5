"""The tests. A real package, because a library installs a package of the same name that would hide a nameless one."""
