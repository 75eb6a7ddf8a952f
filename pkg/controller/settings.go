package controller

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

const (
	// reasonLacking is the reason of an Event on a router whose Deployment lacks settings, and actionCompare what is done.
	reasonLacking = "SettingsLacking"
	actionCompare = "Compare"
)

// settings says where the operator's Deployment lacks what create was asked to set on it, whatever the platform. It
// writes nothing there. A lack is said once, and only where it lasts: create itself sets what was asked for after the
// operator has made the Deployment.
type settings struct {
	*Environment
	caller  finding.Caller
	lasting time.Duration
	// since is when a router's Deployment was first seen to lack something.
	since map[string]time.Time
}

// compare says what is news in what is mirrored.
func (s *settings) compare() {
	held, _ := s.mirror.Whole() // what cannot be understood is said by the pass
	lacking := map[string]finding.Finding{}
	for _, f := range check.Settings(held, check.Options{Caller: s.caller}) {
		lacking[f.Object] = f
	}
	there, index := map[string]bool{}, held.Index()
	for _, r := range held.Routers {
		key := egress.Key(&r.EgressRouter)
		there[key] = true
		if f, lacks := lacking[key]; lacks {
			s.lacks(r, f)
		} else if index.DeploymentOf(r) != nil || r.Annotations[egress.AnnotationDeployment] == "" {
			s.Troubles.Over(aboutSettings(key))
			delete(s.since, key)
		}
	}
	for key := range s.since {
		if !there[key] {
			s.Troubles.forget(aboutSettings(key))
			delete(s.since, key)
		}
	}
}

// lacks says that r's Deployment lacks something, once that has lasted.
func (s *settings) lacks(r snapshot.Router, f finding.Finding) {
	since, known := s.since[f.Object]
	if !known {
		s.since[f.Object] = time.Now()
		s.AddAfter(f.Object, s.lasting)
	}
	if !known || time.Since(since) < s.lasting {
		return
	}
	text := Note(f.Message, ": run create again as "+s.caller.Egress(r.Namespace, "preflight", r.Name)+" says")
	if s.Troubles.Say(aboutSettings(f.Object), fmt.Errorf("%s: %s", f.Object, text)) {
		s.Recorder.Tell(r, "", corev1.EventTypeWarning, reasonLacking, actionCompare, text)
	}
}

// aboutSettings is what a trouble with the settings of a router's Deployment is about.
func aboutSettings(router string) string { return "settings " + router }
