// Package findings holds the pages of the findings, one per code: what the documentation shows and what
// `explain` prints are one text. Package finding reads them.
package findings

import "embed"

// Pages holds a file EGRnnn.md for each code: a heading with code and title, the level, and four sections.
//
//go:embed EGR*.md
var Pages embed.FS
