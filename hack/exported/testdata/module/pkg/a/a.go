// Package a exports more than is used.
package a

// Used is used by b.
func Used() *Answer { return nil }

// Unused is not.
func Unused() {}

// Answer is never named outside.
type Answer struct {
	// Text is used by b's test, and Never by nobody.
	Text, Never string
	// Written is written as JSON.
	Written string `json:"written"`
}

// String is what fmt asks for.
func (*Answer) String() string { return "" }

// Alone is called by nobody.
func (*Answer) Alone() {}

// Level is one of several.
type Level int

// The levels belong together.
const (
	Low Level = iota
	High
)
