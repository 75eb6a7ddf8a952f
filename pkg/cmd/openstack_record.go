package cmd

import (
	"fmt"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// recordOf is what the annotations of object, as a person would name it, say was written to Neutron.
func recordOf(object string, annotations map[string]string) ([]openstack.Pair, error) {
	pairs, err := openstack.Decode(annotations[egress.AnnotationOpenStack])
	if err != nil {
		return nil, fmt.Errorf("the annotation %s of %s: %w", egress.AnnotationOpenStack, object, err)
	}
	return pairs, nil
}

// records are what the routers' annotations say was written to Neutron for them.
func records(routers []snapshot.Router) (map[string][]openstack.Pair, error) {
	out := map[string][]openstack.Pair{}
	for _, r := range routers {
		key := egress.Key(&r.EgressRouter)
		pairs, err := recordOf("egress router "+key, r.Annotations)
		if err != nil {
			return nil, err
		}
		if pairs != nil {
			out[key] = pairs
		}
	}
	return out, nil
}

// written is what was written to Neutron for a router, as recorded on what is to be deleted.
func written(remains *apply.Remains) ([]openstack.Pair, error) {
	for _, object := range remains.Objects {
		pairs, err := recordOf(cluster.Name(object), object.GetAnnotations())
		if pairs != nil || err != nil {
			return pairs, err
		}
	}
	return nil, nil
}
