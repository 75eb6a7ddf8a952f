package snapshot

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// TestIndex: many routers in one namespace get their own, and an operator-managed router gets the pods that
// its labels select, whatever else is on them.
func TestIndex(t *testing.T) {
	const routers = 1000
	s := &Snapshot{}
	own := func(i int) Router {
		r := router()
		r.Name, r.Provisioner = fmt.Sprintf("partner-%d", i), egress.Standalone
		return r
	}
	for i := range routers {
		name := own(i).Name
		for pod := range 3 {
			s.Pods = append(s.Pods, Pod{Namespace: "billing", Name: fmt.Sprintf("%s-%d", name, pod), Labels: egress.Labels(name)})
		}
		s.NADs = append(s.NADs, NAD{Namespace: "billing", Name: name, Router: "first"}, NAD{Namespace: "billing", Name: name, Router: "second"})
		s.Deployments = append(s.Deployments, Deployment{Namespace: "billing", Name: name})
	}
	operated := router()
	operated.Provisioner = egress.Operator
	labelled := operated.Provisioner.PodLabels(operated.Name)
	labelled[egress.LabelInstance] = "partner-7"
	s.Pods = append(s.Pods, Pod{Namespace: "billing", Name: "operated", Labels: labelled})
	x := s.Index()
	for i := range routers {
		r := own(i)
		var pods []string
		for _, p := range x.PodsOf(r) {
			pods = append(pods, p.Name)
		}
		if want := []string{r.Name + "-0", r.Name + "-1", r.Name + "-2"}; !slices.Equal(pods, want) {
			t.Errorf("the pods of %s are %q, want %q", r.Name, pods, want)
		}
		if nad, d := x.NADOf(r), x.DeploymentOf(r); nad == nil || nad.Router != "first" || d == nil || d.Name != r.Name {
			t.Errorf("%s has NAD %+v, Deployment %+v", r.Name, nad, d)
		}
	}
	if pods := x.PodsOf(operated); len(pods) != 1 || pods[0].Name != "operated" {
		t.Errorf("the operator's router has pods %+v", pods)
	}
}

// TestIndexFindsNothing: what is not there is nil.
func TestIndexFindsNothing(t *testing.T) {
	x := (&Snapshot{Nodes: []Node{{Name: "worker-1"}}, Namespaces: []Namespace{{Name: "billing"}}, Pods: []Pod{{Namespace: "shop", Labels: egress.Labels("partner-a")}}}).Index()
	r := router()
	if x.NADOf(r) != nil || x.DeploymentOf(r) != nil || x.PodOf(r) != nil || x.NodeOf("worker-2") != nil || x.NamespaceOf("shop") != nil {
		t.Error("what is not there was found")
	}
	if x.NodeOf("worker-1") == nil || x.NamespaceOf("billing") == nil {
		t.Error("what is there was not found")
	}
}
