package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// recordFlags say where it is recorded what was written to Neutron.
type recordFlags struct{ namespace string }

func (r *recordFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&r.namespace, "record-namespace", egress.Namespace,
		"On OpenStack: the namespace whose ConfigMaps hold which pairs were added, but for those whose MAC is the router's fixed one")
}

// read reads what is recorded, as far as the user may; what keeps it from being known is noted.
func (r *recordFlags) read(ctx context.Context, f *factory, client *cluster.Client) (*apply.Records, map[string][]openstack.Pair, error) {
	records := apply.NewRecords(client, r.namespace)
	if err := records.Read(ctx); cluster.Refused(err) {
		f.note("pairs that were added for routers without a fixed MAC are not known: %v", err)
	} else if err != nil {
		return nil, nil, err
	}
	pairs, err := decoded(records.All())
	return records, pairs, err
}

// decoded are records as pairs, by router.
func decoded(records map[string]string) (map[string][]openstack.Pair, error) {
	out := map[string][]openstack.Pair{}
	var errs []error
	for _, router := range slices.Sorted(maps.Keys(records)) {
		pairs, err := openstack.Decode(records[router])
		if err != nil {
			errs = append(errs, fmt.Errorf("ConfigMap %s: the record of %s: %w", apply.RecordName(router), router, err))
		} else if len(pairs) > 0 {
			out[router] = pairs
		}
	}
	return out, errors.Join(errs...)
}

// orSaved is a store for a run with --save, whose file tells what was written where that may not be recorded.
type orSaved struct {
	openstack.Store
	*platformOptions
}

func (s orSaved) Save(ctx context.Context, records map[string]string) map[string]error {
	failed := s.Store.Save(ctx, records)
	var refused error
	for router, err := range failed {
		if !cluster.Refused(err) {
			continue
		}
		if s.save == "" {
			failed[router] = fmt.Errorf("%w; or write without a record, which nobody will clean up after: add --save FILE", err)
			continue
		}
		delete(failed, router)
		refused = err
	}
	if refused != nil {
		s.note("what is written is kept in %s alone, and nobody will clean up after it: %v", s.save, refused)
	}
	return failed
}

// nodesOf are the nodes of s, by name.
func nodesOf(s *snapshot.Snapshot) []platform.Node {
	nodes := platform.Nodes(s)
	var out []platform.Node
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		out = append(out, nodes[name])
	}
	return out
}

// noteForged names the annotation that records were once kept in, which whoever owns the router can write.
func (f *factory) noteForged(routers []snapshot.Router) {
	for _, r := range routers {
		if r.Annotations[egress.AnnotationOpenStack] != "" {
			f.note("egress router %s: the annotation %s is ignored: remove it", egress.Key(&r.EgressRouter), egress.AnnotationOpenStack)
		}
	}
}
