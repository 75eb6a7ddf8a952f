package finding

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Caller is how this tool was called. It makes the command lines that findings name: each is complete by itself and can
// be pasted anywhere.
type Caller struct {
	// Command is this tool as it was typed: "kubectl egress", which "" stands for too, "oc egress" or "kubectl-egress".
	Command string
	// Context is the --context that was given. The path of a kubeconfig is never repeated: what is printed is passed on.
	Context string
}

// String returns the command as it was typed.
func (c Caller) String() string {
	if c.Command == "" {
		return "kubectl egress"
	}
	return c.Command
}

// CLI returns the command that the tool is a plugin of: kubectl or oc.
func (c Caller) CLI() string {
	name, _, _ := strings.Cut(strings.ReplaceAll(c.String(), "-", " "), " ")
	return name
}

// Egress returns a line that runs this tool in namespace; "" is none.
func (c Caller) Egress(namespace string, words ...string) string {
	return c.String() + " " + c.line(namespace, words)
}

// Kubectl returns a line that runs kubectl or oc in namespace; "" is none.
func (c Caller) Kubectl(namespace string, words ...string) string {
	return c.CLI() + " " + c.line(namespace, words)
}

// Piped returns a line that feeds object to a command of kubectl or oc; "" where it cannot be written.
func (c Caller) Piped(object any, words ...string) string {
	data, err := json.Marshal(object)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("echo %s | %s", shellescape.Quote(string(data)), c.Kubectl("", append(words, "-f", "-")...))
}

// line is words with what says where before the first flag.
func (c Caller) line(namespace string, words []string) string {
	end := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "-") })
	if end < 0 {
		end = len(words)
	}
	var where []string
	if namespace != "" {
		where = append(where, "-n", namespace)
	}
	if c.Context != "" {
		where = append(where, "--context", c.Context)
	}
	return shellescape.QuoteCommand(slices.Concat(words[:end], where, words[end:]))
}

// Run is a verb of this tool as it was called, which findings name to be run again with more or less.
type Run struct {
	Caller
	// Verb is what comes first: preflight openstack.
	Verb []string
	// Scope is what it looks at: the names of routers, or -A.
	Scope     []string
	Namespace string
	// Flags are those that it needs to look at the same again, as --name=value.
	Flags []string
}

// Again returns the line that runs it once more, with flags.
func (r Run) Again(flags ...string) string {
	return r.Egress(r.Namespace, slices.Concat(r.Verb, r.Scope, r.with(flags))...)
}

// On returns the line that runs it for a router, namespace/name, with flags. What was described by hand has another name,
// and flags that describe it.
func (r Run) On(router string, flags ...string) string {
	namespace, name, ok := strings.Cut(router, "/")
	if !ok {
		return r.Again(flags...)
	}
	return r.Egress(namespace, slices.Concat(r.Verb, []string{name}, r.with(flags))...)
}

// with are r's flags and others, which take the place of those of their names.
func (r Run) with(flags []string) []string {
	name := func(flag string) string { n, _, _ := strings.Cut(flag, "="); return n }
	own := slices.DeleteFunc(slices.Clone(r.Flags), func(own string) bool {
		return slices.ContainsFunc(flags, func(flag string) bool { return name(flag) == name(own) })
	})
	return append(own, flags...)
}
