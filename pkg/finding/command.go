package finding

import "strings"

// Command is this tool as it was typed, for the commands that findings name: "kubectl egress", which "" stands for
// too, or "oc egress".
type Command string

// String returns the command as it was typed.
func (c Command) String() string {
	if c == "" {
		return "kubectl egress"
	}
	return string(c)
}

// CLI returns the command that the tool is a plugin of: kubectl or oc.
func (c Command) CLI() string {
	name, _, _ := strings.Cut(c.String(), " ")
	return name
}
