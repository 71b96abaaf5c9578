//go:build cgo && sqlite_fts5

package main

import (
	vec "github.com/asg017/sqlite-vec-go-bindings/cgo"
	_ "github.com/mattn/go-sqlite3" // driver "sqlite3": SQLite in C
)

const sqliteInC = true

func init() { vec.Auto() } // must come before the first connection; there is no other way to say it
