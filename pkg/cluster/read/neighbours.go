package read

import (
	"context"
	"errors"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// lookups is how many namespaces are read side by side where the whole cluster may not be.
const lookups = 8

// Neighbours reads the routers of both provisioners, as they were given, in the whole cluster, or where they may not be
// listed there in the namespaces. What may not be read is noted in the Snapshot as unknown. unreadable is why some of
// them cannot be understood: what another has made of a router in another namespace must keep nobody from his own.
func Neighbours(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	lists := givenRouters()
	bad := make([]error, len(lists))
	s, err = SideBySide(ctx, len(lists), len(lists), func(ctx context.Context, i int) (part *snapshot.Snapshot, err error) {
		part, bad[i], err = neighbours(ctx, c, lists[i], namespaces, true)
		return part, err
	})
	if err != nil {
		return nil, nil, err
	}
	return s, errors.Join(bad...), sortUnknown(ctx, c, s)
}

// OperatorRouters reads the EgressRouters of a namespace, or of the whole cluster where there are several, as
// Neighbours does.
func OperatorRouters(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	return neighbours(ctx, c, givenRouters()[0], namespaces, len(namespaces) > 1)
}

// Foreign reads the Deployments that have the name of the operator's one, whoever made them, as OperatorRouters does.
func Foreign(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	return neighbours(ctx, c, OperatorDeployments(), namespaces, len(namespaces) > 1)
}

// NADs reads the NetworkAttachmentDefinitions of the whole cluster, or where they may not be listed there those of the
// namespaces, as Neighbours does.
func NADs(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	return neighbours(ctx, c, Of(cluster.NADs), namespaces, true)
}

// Shared reads the NAD and the Deployment that all operator-managed routers in a namespace have in common.
func Shared(ctx context.Context, c *cluster.Client, namespace string) (*snapshot.Snapshot, error) {
	both := []cluster.Reading{Of(cluster.NADs).Called(egress.OperatorNAD), OperatorDeployments()}
	return SideBySide(ctx, len(both), len(both), func(ctx context.Context, i int) (*snapshot.Snapshot, error) {
		r, _ := Tolerant(both[i])
		return One(ctx, c, r, Options{Namespace: namespace})
	})
}

// neighbours reads r in the whole cluster, if wide is set and that is allowed, else in each of the namespaces.
func neighbours(ctx context.Context, c *cluster.Client, r cluster.Reading, namespaces []string, wide bool) (s *snapshot.Snapshot, unreadable, err error) {
	r, bad := Tolerant(r)
	s, err = One(ctx, c, r, Options{Namespace: namespaces[0], Wide: wide})
	if err != nil || len(s.Unknown) == 0 {
		return s, bad(), err
	}
	rest, err := SideBySide(ctx, len(namespaces)-1, lookups, func(ctx context.Context, i int) (*snapshot.Snapshot, error) {
		return One(ctx, c, r, Options{Namespace: namespaces[i+1]})
	})
	if err != nil {
		return nil, nil, err
	}
	Merge(s, rest)
	return s, bad(), nil
}

// Tolerant is r passing over what cannot be understood, and, once it was read, why that could not be.
func Tolerant(r cluster.Reading) (tolerant cluster.Reading, unreadable func() error) {
	var lock sync.Mutex
	var bad []error
	add := r.Add
	r.Add = func(into *snapshot.Snapshot, object runtime.Object) error {
		err := add(into, object)
		lock.Lock()
		defer lock.Unlock()
		bad = append(bad, err)
		return nil
	}
	return r, func() error { return errors.Join(bad...) }
}

// Noting is r noting routers that cannot be understood: what one has written on his must keep nobody from his own.
func Noting(r cluster.Reading) cluster.Reading {
	add := r.Add
	r.Add = func(into *snapshot.Snapshot, object runtime.Object) error {
		err := add(into, object)
		o, isObject := object.(metav1.Object)
		if err == nil || !isObject {
			return err
		}
		of := strings.ToLower(r.String()) + "." + r.GVR().Group + "/" + o.GetName()
		into.Unreadable = append(into.Unreadable, snapshot.Unreadable{Namespace: o.GetNamespace(), Name: o.GetName(), Object: of, Reason: err.Error()})
		return nil
	}
	return r
}
