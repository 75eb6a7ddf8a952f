package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// lookFlags say which routers a verb looks at, and where they are read from.
type lookFlags struct {
	all  bool
	from string
	// asGiven reads no more than the routers' chain, and the routers with all labels and annotations that they were given.
	asGiven bool
}

func (l *lookFlags) add(cmd *cobra.Command) {
	addAllNamespaces(cmd, &l.all)
	cmd.Flags().StringVar(&l.from, "from", "", "Look at the `FILE` that bundle wrote, - for standard input, in place of the cluster")
}

func addAllNamespaces(cmd *cobra.Command, value *bool) {
	cmd.Flags().BoolVarP(value, "all-namespaces", "A", false, "Report the routers of all namespaces")
}

// look is what a verb sees.
type look struct {
	*snapshot.Snapshot
	// client is nil where a file was read.
	client *cluster.Client
	// namespace and names are what is reported: "" and none for all.
	namespace string
	names     []string
}

// read reads the cluster, or the file.
func (l *lookFlags) read(ctx context.Context, f *factory, names []string) (*look, error) {
	out := &look{names: names}
	namespace, explicit, err := f.currentNamespace()
	if err != nil {
		return nil, invalid(err)
	}
	if err := f.checkNames(names); err != nil {
		return nil, invalid(err)
	}
	switch {
	case l.all && len(names) > 0:
		return nil, invalid(fmt.Errorf("a NAME is in one namespace: leave -A out"))
	case l.all, l.from != "" && !explicit && len(names) == 0:
		// The kubeconfig's namespace is that of another cluster than the file's.
	default:
		out.namespace = namespace
	}
	if l.from != "" {
		out.Snapshot, err = loadFile(f, l.from)
	} else {
		err = out.readCluster(ctx, f, l.asGiven)
	}
	if err != nil {
		return nil, err
	}
	return out, missing(out.Snapshot, out.namespace, names)
}

// checkNames refuses what no object can be called. A router that another made may have a name that create would not give.
func (f *factory) checkNames(names []string) error {
	for _, name := range names {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			return fmt.Errorf("%q cannot be a router's name: see which there are with \"%s get -A\"", name, f.name)
		}
	}
	return nil
}

func (l *look) readCluster(ctx context.Context, f *factory, asGiven bool) (err error) {
	if l.client, err = f.client(egress.ManagedByValue); err != nil {
		return err
	}
	l.Snapshot, err = read.Snapshot(ctx, l.client, read.Options{Namespace: l.namespace, Wide: !asGiven, Checks: !asGiven})
	return err
}

// loadFile reads what bundle wrote.
func loadFile(f *factory, path string) (*snapshot.Snapshot, error) {
	data, err := f.readFile(path)
	if err != nil {
		return nil, invalid(fmt.Errorf("--from: %w", err))
	}
	s, err := snapshot.Load(data)
	if err != nil {
		return nil, invalid(fmt.Errorf("--from %s: %w", path, err))
	}
	return s, nil
}

// routers are those to report.
func (l *look) routers() []snapshot.Router {
	return collect.Filter(l.Routers, func(r snapshot.Router) bool { return l.reports(r.Namespace, r.Name) })
}

func (l *look) reports(namespace, name string) bool {
	return (l.namespace == "" || namespace == l.namespace) && (len(l.names) == 0 || slices.Contains(l.names, name))
}

// reportsKey is reports for namespace/name.
func (l *look) reportsKey(router string) bool {
	namespace, name, _ := strings.Cut(router, "/")
	return l.reports(namespace, name)
}

// missing says which of names is no router in s. Where routers could not be read, that is said in place of
// "not found".
func missing(s *snapshot.Snapshot, namespace string, names []string) error {
	var errs []error
	for _, name := range names {
		if slices.ContainsFunc(s.Routers, func(r snapshot.Router) bool { return r.Namespace == namespace && r.Name == name }) {
			continue
		}
		if i := slices.IndexFunc(s.Unreadable, func(u snapshot.Unreadable) bool { return u.Namespace == namespace && u.Name == name }); i >= 0 {
			errs = append(errs, fmt.Errorf("egress router %s in namespace %s cannot be understood: %s", name, namespace, s.Unreadable[i].Reason))
		} else if unread := s.UnknownOf("egressrouters", "deployments"); unread != nil {
			errs = append(errs, fmt.Errorf("egress router %s in namespace %s was not found, and it may be one that cannot be read: %s", name, namespace, unread.Reason))
		} else {
			errs = append(errs, fmt.Errorf("egress router %s in namespace %s: %w", name, namespace, cluster.ErrNotFound))
		}
	}
	return errors.Join(errs...)
}
