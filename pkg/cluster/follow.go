package cluster

import (
	"context"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// chainSources are the sources of what is between r and its clients. Without its Services and their endpoints it can
// still be told whether r serves, by whoever may not read these.
func (c *Client) chainSources(r snapshot.Router) (needed, wanted []*source) {
	of := func(readings ...reading) (out []*source) {
		for _, reading := range readings {
			out = append(out, c.newSource(reading, r.Namespace))
		}
		return out
	}
	by := r.Provisioner
	return of(reads(NADs, addNAD).called(by.NADName(r.Name)),
			reads(Deployments, addDeployment).called(by.DeploymentName(r.Name)),
			reads(Pods, addPod).labelled(by.PodLabels(r.Name))),
		of(reads(Services, addService), reads(EndpointSlices, addEndpoints))
}

// follow keeps sources up to date, and calls judge whenever that changes anything and at least once a second, until
// judge is done or fails. The error is that of ctx where time runs out first.
func follow(ctx context.Context, sources []*source, judge func() (done bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan struct{}, 1)
	for _, s := range sources {
		if err := s.handle(func(*held, *held) { notify(changed) }); err != nil {
			return err
		}
		go s.run(ctx)
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if done, err := judge(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-tick.C:
		}
	}
}

// seen reports whether every source has seen the cluster. The error is that of one that may not be read.
func seen(sources []*source) (bool, error) {
	all := true
	for _, s := range sources {
		if err := s.trouble(); refusedForGood(err) {
			return false, err
		}
		all = all && s.synced()
	}
	return all, nil
}

// gather is what sources hold; nil before all have seen the cluster. What may not be read of those wanted is unknown.
func gather(needed, wanted []*source) (*snapshot.Snapshot, error) {
	if all, err := seen(needed); !all || err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{}
	for _, source := range slices.Concat(needed, wanted) {
		switch err := source.trouble(); {
		case refusedForGood(err):
			gvr := source.reading.GVR()
			s.Unknown = append(s.Unknown, snapshot.Unknown{Resource: gvr.Resource, Group: gvr.Group, Namespace: source.namespace, Reason: err.Error()})
			continue
		case !source.synced():
			return nil, nil
		}
		if err := source.fill(s); err != nil {
			return nil, err
		}
	}
	s.Sort()
	return s, nil
}

// refusedForGood reports whether asking again would get the same answer.
func refusedForGood(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || notServed(err)
}
