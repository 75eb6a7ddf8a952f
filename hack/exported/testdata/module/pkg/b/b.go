// Package b uses some of a.
package b

import "example.com/m/pkg/a"

var (
	_ = a.Used().String
	_ = a.Low
)
