package b

import "example.com/m/pkg/a"

var _ = a.Used().Text
