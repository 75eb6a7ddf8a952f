package controller_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// lackingNote is what is said of a Deployment that the operator has recreated.
const lackingNote = "Deployment egress-router-cni-deployment lacks what create was asked to set on it: strategy Recreate, " +
	"a grace period of 1 s, node selector zone=b: run create again as kubectl egress preflight partner-001 -n " + namespace + " says"

// testSettings: the operator's Deployment is recreated without what create was asked to set on it. That is said once for
// each time, where it lasts, and nothing is written.
func (c *shared) testSettings(t *testing.T) {
	s := c.newVSite(t)
	s.checkSettings(s.run(s.audits(func(o *options) { o.Lasting = 2 * time.Second })), func() *appsv1.Deployment { return s.operators(nil) })
	s.onlyRead()
}

// testSettingsOnOpenStack is the same where the Deployments are of no other use.
func (c *shared) testSettingsOnOpenStack(t *testing.T) {
	s := &vsite{site: c.newSite(t, fakeneutron.Options{Ports: 2})}
	s.forgetEvents()
	s.checkSettings(s.run(func(o *options) { o.Lasting = 2 * time.Second }), func() *appsv1.Deployment { return s.operators(nil) })
}

func (s *site) checkSettings(p *process, operators func() *appsv1.Deployment) {
	s.Helper()
	router := newRouter(1)
	router.Annotations = map[string]string{egress.AnnotationDeployment: `{"nodeSelector":{"zone":"b"}}`}
	s.create(router)
	p.awaitMetric("kubectl_egress_sync_routers 1")
	set := func(d *appsv1.Deployment) {
		s.edit(d, func() {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
			d.Spec.Template.Spec.TerminationGracePeriodSeconds = new(int64(1))
			d.Spec.Template.Spec.NodeSelector = map[string]string{"zone": "b"}
		})
	}
	// As create does, which sets it at once.
	theirs := operators()
	set(theirs)
	time.Sleep(3 * time.Second)
	if said := p.log.lines("lacks what create"); len(said) > 0 {
		s.Errorf("it says of what create sets at once: %v", said)
	}

	for i := range 2 {
		s.delete(theirs)
		theirs = operators()
		p.awaitLines(`msg="`+namespace+`/partner-001: `+lackingNote+`" about=settings`, i+1)
		// News of the router that change nothing of that are no news of it.
		s.patch(router, "example.com/note", []string{"one", "two"}[i])
		time.Sleep(time.Second)
		if said := p.log.lines("level=WARN"); len(said) != i+1 {
			s.Errorf("it says %v, want %d lines", said, i+1)
		}
		generation := theirs.Generation
		if err := s.admin.Get(s.Context(), client.ObjectKeyFromObject(theirs), theirs); err != nil || theirs.Generation != generation {
			s.Errorf("the Deployment was changed: generation %d, then %d (%v)", generation, theirs.Generation, err)
		}
		set(theirs)
		p.awaitLines(`msg="over: `+namespace+`/partner-001: Deployment`, i+1)
	}
	var list eventsv1.EventList
	if err := s.admin.List(s.Context(), &list, client.InNamespace(namespace)); err != nil {
		s.Fatal(err)
	}
	var notes []string
	for _, e := range list.Items {
		if e.ReportingController == controller.Name && e.Reason == "SettingsLacking" {
			notes = append(notes, e.Type+" "+e.Regarding.Kind+"/"+e.Regarding.Name+": "+e.Note)
		}
	}
	if len(notes) != 1 || notes[0] != "Warning EgressRouter/partner-001: "+lackingNote {
		s.Errorf("the Events are %q", notes)
	}
}
