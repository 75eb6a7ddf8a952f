package cmd

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// factory makes what the verbs need: streams and clients.
type factory struct {
	genericiooptions.IOStreams
	// name is the command as it was typed: "kubectl egress" or "oc egress".
	name string
	// arg0 is the file that was called.
	arg0    string
	version string
	// platforms are those that preflight and sync know.
	platforms platformTable
	config    *genericclioptions.ConfigFlags
	// verbosity is klog's, kubectl's -v.
	verbosity int
	// started is set once the command line is understood: what cobra refused before that is invalid input.
	started bool
}

func newFactory(streams genericiooptions.IOStreams, name, version string) *factory {
	return &factory{IOStreams: streams, name: name, version: version, platforms: platforms(), config: genericclioptions.NewConfigFlags(true)}
}

func (f *factory) addGlobalFlags(flags *pflag.FlagSet) {
	f.config.AddFlags(flags)
	// The home folder of whoever writes the documentation does not belong in it.
	flags.Lookup("cache-dir").DefValue = "$HOME/.kube/cache"
	flags.IntVarP(&f.verbosity, "v", "v", 0, "How much to log of the requests to the cluster, from 0 to 9")
}

// start is called once the command line is understood.
func (f *factory) start() error {
	f.started = true
	if f.verbosity == 0 {
		// What the client library logs by the way is said in the command's own words, or was fixed.
		klog.SetLogger(logr.Discard())
	}
	logs := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(logs)
	return logs.Set("v", fmt.Sprint(f.verbosity))
}

// caller is how the command was called, for the commands of findings.
func (f *factory) caller() finding.Caller {
	c := finding.Caller{Command: f.name}
	if f.config.Context != nil {
		c.Context = *f.config.Context
	}
	return c
}

// currentNamespace is the one asked for with -n or the kubeconfig's; explicit tells that -n gave it.
func (f *factory) currentNamespace() (namespace string, explicit bool, err error) {
	namespace, _, err = f.config.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", false, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return namespace, f.config.Namespace != nil && *f.config.Namespace != "", nil
}

// client makes a Client for the cluster of the kubeconfig.
func (f *factory) client(manager string) (*cluster.Client, error) {
	cfg, err := f.restConfig()
	if err != nil {
		return nil, err
	}
	return cluster.New(cfg, manager)
}

// configured reports whether any cluster is.
func (f *factory) configured() bool {
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return true
	}
	given := f.config.APIServer != nil && *f.config.APIServer != ""
	return given || !api.IsConfigEmpty(&raw) || os.Getenv("KUBERNETES_SERVICE_HOST") != ""
}

func (f *factory) restConfig() (*rest.Config, error) {
	if !f.configured() {
		return nil, fmt.Errorf("no cluster is configured: set KUBECONFIG, or pass --kubeconfig or --server (--dry-run=client and lint need none)")
	}
	cfg, err := f.config.ToRESTConfig()
	if err != nil {
		return nil, invalid(fmt.Errorf("reading the kubeconfig: %w", err))
	}
	// The server's own back-pressure is heard; the client adds none.
	cfg.QPS = -1
	cfg.UserAgent = "kubectl-egress/" + f.version
	cfg.WarningHandler = rest.NewWarningWriter(f.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	return cfg, nil
}

// interactive reports whether a person can be asked.
func (f *factory) interactive() bool {
	return isTerminal(f.In) && isTerminal(f.ErrOut)
}

// colour reports whether stream takes colours.
func colour(stream any) bool {
	return isTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isTerminal reports whether stream, a reader or a writer, is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && file != nil && term.IsTerminal(int(file.Fd()))
}

// note tells the person something that is not the output. What a cluster or a file holds is in it, and the
// terminal must not obey that.
func (f *factory) note(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		fprintf(f.ErrOut, "%s\n", finding.Printable(strings.TrimSuffix(line, "\n")))
	}
}

// fprintf writes to a stream whose failure nobody could be told of.
func fprintf(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// agrees asks a person a question, and reports whether the answer is yes. No answer is no.
func (f *factory) agrees(question string) bool {
	fprintf(f.ErrOut, "%s [y/N] ", question)
	return slices.Contains([]string{"y", "yes"}, f.answer())
}

// chooses asks a person a question that has more answers, and returns the one given in lower case. No answer is no.
func (f *factory) chooses(question string) string {
	fprintf(f.ErrOut, "%s [y/g/N] ", question)
	return f.answer()
}

func (f *factory) answer() string {
	answer, _ := bufio.NewReader(f.In).ReadString('\n')
	return strings.ToLower(strings.TrimSpace(answer))
}
