package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

func replaced(s, old, by string) string { return strings.ReplaceAll(s, old, by) }

// ledger is which commands were run, by code.
type ledger struct {
	sync.Mutex
	run   map[string]bool // CODE and the first words of a command
	lines int
}

func (l *ledger) note(code, line string) {
	l.Lock()
	defer l.Unlock()
	l.lines++
	l.run[code+" "+shape(line)] = true
}

// shape is what a line does, without what it does it to: the first words of each of its commands.
func shape(line string) string {
	var out []string
	for part := range strings.SplitSeq(strings.ReplaceAll(line, " | ", " && "), " && ") {
		var words []string
		for _, word := range strings.Fields(part) {
			if strings.HasPrefix(word, "-") || len(words) == 3 {
				break
			}
			word, _, _ = strings.Cut(word, "/")
			words = append(words, word)
		}
		if words[0] == "oc" {
			words[0] = "kubectl"
		}
		if words[0] != "echo" {
			out = append(out, strings.Join(words, " "))
		}
	}
	return strings.Join(out, " && ")
}

// reasonNotToRun is why a command is not carried out here, or "".
func reasonNotToRun(code, line string) string {
	if why := notRun()[code+" "+shape(line)]; why != "" {
		return why
	}
	return notRun()[shape(line)]
}

// TestPrintedCommands carries out the commands that findings print as a person does who pastes them: in another folder,
// with another current namespace. The finding is gone then, unless they only showed something; and a healthy router of
// the namespace is as it was.
func TestPrintedCommands(t *testing.T) {
	l := startLab(t, lab.Options{OpenShift: true})
	bin := binaries(t)
	done := &ledger{run: map[string]bool{}}
	start := func(t *testing.T, i int, c printed) *pasted {
		p := newPasted(t, l, bin, done, c)
		p.namespace, p.last = fmt.Sprintf("printed-%02d", i), 20+3*i
		return p
	}
	for i, c := range degrading() {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, i, c)
			if i == 0 {
				p.operator(t)
			}
			p.check(t)
		})
	}
	t.Run("side by side", func(t *testing.T) {
		for i, c := range printedCases() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				start(t, len(degrading())+i, c).check(t)
			})
		}
	})
	done.complete(t)
	t.Logf("%d commands carried out", done.lines)
}

// TestPrintedWithoutMultus is about what affects the whole cluster.
func TestPrintedWithoutMultus(t *testing.T) {
	l := startLab(t, lab.Options{NoMultus: true})
	p := newPasted(t, l, binaries(t), &ledger{run: map[string]bool{}}, printed{code: "EGR201"})
	p.namespace = "default"
	for _, line := range p.finding(t).Commands {
		if writes := p.paste(t, line); writes > 0 {
			t.Errorf("%s wrote %d times", line, writes)
		}
	}
}

// newPasted is a case in a lab.
func newPasted(t *testing.T, l *lab.Lab, bin string, done *ledger, c printed) *pasted {
	t.Helper()
	p := &pasted{printed: c, done: done, bin: bin, planted: planted{
		bench: newBench(t, filepath.Join(bin, "kubectl-egress"), l.Config), kubectl: filepath.Join(bin, "kubectl"),
	}}
	if c.user != "" {
		var err error
		if p.asks, err = l.User(c.user); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// complete holds what was run against all that the cases of the checks print.
func (l *ledger) complete(t *testing.T) {
	for _, entry := range finding.Catalogue() {
		code := string(entry.Code)
		path := filepath.Join("..", "..", "pkg", "check", "testdata", "codes", code+".yaml")
		data, err := os.ReadFile(path)
		var file struct {
			Found []struct{ Want []finding.Finding }
		}
		if err == nil {
			err = yaml.Unmarshal(data, &file)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		prints := slices.ContainsFunc(slices.Collect(maps.Keys(l.run)), func(run string) bool { return strings.HasPrefix(run, code+" ") })
		for _, found := range file.Found {
			for _, want := range found.Want {
				for _, line := range want.Commands {
					prints = true
					if !l.run[code+" "+shape(line)] && reasonNotToRun(code, line) == "" {
						t.Errorf("%s prints %q, and no case runs it", code, line)
					}
				}
			}
		}
		if !prints && silent()[code] == "" {
			t.Errorf("%s prints no command, and nothing says why", code)
		}
	}
}

// pasted is one case in a cluster.
type pasted struct {
	printed
	planted
	done *ledger
	bin  string
	// last is the last byte of the router's address; that before is the neighbour's, that after another's.
	last int
	// asks is the kubeconfig of who asks, where that is no administrator.
	asks string
}

func (p *pasted) placed(command []string) []string {
	return p.planted.placed(each(command, func(word string) string {
		word = strings.ReplaceAll(word, "LAST", fmt.Sprint(p.last))
		return strings.ReplaceAll(word, "OTHER", fmt.Sprint(p.last+1))
	}))
}

func each(words []string, change func(string) string) []string {
	out := slices.Clone(words)
	for i := range out {
		out[i] = change(out[i])
	}
	return out
}

func (p *pasted) check(t *testing.T) {
	if err := p.bench.namespace(t.Context(), p.namespace); err != nil {
		t.Fatal(err)
	}
	p.must(t, p.placed([]string{"create", "healthy", "-n", "NS", "--provisioner=standalone", "--expose", "--allow-from", "NS",
		"--address", fmt.Sprintf("192.168.12.%d/24", p.last-1), "--gateway", "192.168.12.1", "--redirect", "8080=203.0.113.26:80", "--timeout", "60s"})...)
	for _, command := range p.plant {
		p.do(t, p.placed(command))
	}
	f := p.finding(t)
	for _, command := range p.words {
		p.do(t, p.placed(command))
	}
	before, writes := p.neighbour(t), 0
	for _, line := range f.Commands {
		if reasonNotToRun(p.code, line) == "" {
			writes += p.paste(t, line)
		}
	}
	if writes > 0 {
		p.gone(t, f)
	}
	if after := p.neighbour(t); after != before {
		t.Errorf("the healthy router was\n%s\nand is now\n%s", before, after)
	}
	for _, command := range p.cleanup {
		p.do(t, p.placed(command))
	}
}

// found is the finding, if preflight has it.
func (p *pasted) found(t *testing.T) *finding.Finding {
	var out struct{ Findings []finding.Finding }
	// Somebody else's kubeconfig has other contexts: what is pasted names the one that was given.
	flags := append([]string{"preflight", "-n", p.namespace, "--fail-on=never", "-o", "json"}, p.flags...)
	switch {
	case p.user != "":
		flags = append(flags, "--kubeconfig", p.asks)
	default:
		flags = append(flags, "--context", p.context(t))
	}
	p.decode(t, &out, flags...)
	object := "cluster"
	if p.router != "" {
		object = p.namespace + "/" + p.router
	}
	i := slices.IndexFunc(out.Findings, func(f finding.Finding) bool {
		return string(f.Code) == p.code && f.Object == object && strings.Contains(f.Message, p.says)
	})
	if i < 0 {
		return nil
	}
	return &out.Findings[i]
}

// finding is the one that was planted, once preflight says it twice in a row.
func (p *pasted) finding(t *testing.T) finding.Finding {
	t.Helper()
	var last *finding.Finding
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Second) {
		now := p.found(t)
		if now != nil && last != nil && slices.Equal(now.Commands, last.Commands) && len(now.Commands) > 0 {
			return *now
		}
		if last = now; time.Now().After(deadline) {
			t.Fatalf("preflight says %+v of %s %q\n%s", now, p.code, p.says, p.run(t, nil, "preflight", "-n", p.namespace).stdout)
		}
	}
}

// context is the kubeconfig's.
func (p *pasted) context(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), p.kubectl, "--kubeconfig", p.kubeconfig, "config", "current-context").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (p *pasted) gone(t *testing.T, was finding.Finding) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		now := p.found(t)
		if now == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %q there is still\n%+v", was.Commands, *now)
		}
	}
}

// paste runs a line as a person does, and returns how much it wrote.
func (p *pasted) paste(t *testing.T, line string) int {
	t.Helper()
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	data, err := os.ReadFile(p.kubeconfig)
	if err == nil {
		err = os.WriteFile(kubeconfig, data, 0o600)
	}
	if err == nil {
		err = exec.CommandContext(t.Context(), p.kubectl, "--kubeconfig", kubeconfig, "config", "set-context", "--current", "--namespace=elsewhere").Run()
	}
	if err == nil && p.user == "" {
		err = exec.CommandContext(t.Context(), p.kubectl, "--kubeconfig", kubeconfig, "config", "set", "current-context", "nowhere").Run()
	}
	editor := filepath.Join(dir, "editor")
	if err == nil {
		err = os.WriteFile(editor, []byte("#!/bin/sh\nsed -i '"+p.editor+"' \"$1\"\n"), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.proxy.Reset()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", line)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBE_EDITOR="+editor, "HOME="+dir, "PATH="+p.bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &out
	err = shell.Run()
	// No kubelet here serves logs: that the pod is found is all that there is to see.
	if found := strings.HasPrefix(line, "kubectl logs ") && strings.Contains(out.String(), "/containerLogs/"); err != nil && !found {
		t.Errorf("%s: %v\n%s", line, err, &out)
	}
	p.done.note(p.code, line)
	writes := 0
	for _, r := range p.proxy.Requests() {
		if apiproxy.Request.Write(r) {
			writes++
		}
	}
	return writes
}

// neighbour is each object of the healthy router with its resourceVersion, once they stay.
func (p *pasted) neighbour(t *testing.T) string {
	t.Helper()
	last := ""
	for range 60 {
		var list struct {
			Items []struct {
				Kind     string
				Metadata struct{ Name, ResourceVersion string }
			}
		}
		get := exec.CommandContext(t.Context(), p.kubectl, "--kubeconfig", p.kubeconfig, "get", "net-attach-def,deployments,replicasets,pods,services,networkpolicies,endpointslices",
			"-n", p.namespace, "-o", "json")
		out, err := get.Output()
		if err == nil {
			err = json.Unmarshal(out, &list)
		}
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, o := range list.Items {
			if strings.HasPrefix(o.Metadata.Name, "healthy") {
				lines = append(lines, fmt.Sprintf("%s/%s %s", o.Kind, o.Metadata.Name, o.Metadata.ResourceVersion))
			}
		}
		slices.Sort(lines)
		now := strings.Join(lines, "\n")
		if now == last && len(lines) == 7 {
			return now
		}
		last = now
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("the healthy router does not come to rest:\n%s", last)
	return ""
}

// operator makes what stands for the operator's Deployment, and the namespace of who pastes.
func (p *pasted) operator(t *testing.T) {
	for _, namespace := range []string{"openshift-network-operator", "elsewhere"} {
		if err := p.bench.namespace(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	p.control(t, "", "create", "deployment", "network-operator", "-n", "openshift-network-operator", "--image=registry.k8s.io/pause:3.10")
}
