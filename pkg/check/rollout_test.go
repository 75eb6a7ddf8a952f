package check

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// story is what happened to a router, told from the start of its pod.
type story struct{ *snapshot.Snapshot }

// chapter is one event of a story.
type chapter func(story)

func (s story) stampNow() render.Stamp {
	return render.StampOf(s.NADs[0].Config, s.NADs[0].UID, s.NADs[0].Generation)
}

// write is a write to the NAD, so long after the pod's start: to its content, so many times.
func write(after time.Duration, times int64, by string) chapter {
	return func(s story) {
		nad := &s.NADs[0]
		nad.Changed, nad.Generation, nad.Writer = s.Pods[0].Created.Add(after), nad.Generation+times, by
	}
}

const cno = "cluster-network-operator/egress_router"

// reworded has the NAD say the same in other words, as another release of the operator would.
func reworded(s story) {
	s.NADs[0].Config = strings.ReplaceAll(s.NADs[0].Config, ",", ",\n  ")
}

// otherRules changes the rules of router and NAD.
func otherRules(s story) {
	s.NADs[0].Config = strings.Replace(s.NADs[0].Config, "203.0.113.26", "203.0.113.27", 1)
	s.Routers[0].Spec.Redirect.RedirectRules[0].DestinationIP = "203.0.113.27"
}

// restarted stamps the template with the NAD as it is, and the pod with it.
func restarted(s story) {
	s.Deployments[0].NADHash = s.stampNow().For(s.Routers[0].Provisioner)
	s.Pods[0].NADHash = s.Deployments[0].NADHash
}

// stamped gives template and pod that stamp, whatever wrote it.
func stamped(text string) chapter {
	return func(s story) { s.Deployments[0].NADHash, s.Pods[0].NADHash = text, text }
}

// changedByUs is a change of the router's rules by create, so long after the pod's start, which has not restarted it.
func changedByUs(after time.Duration) chapter {
	return func(s story) {
		changedAfter(after)(s)
		s.Routers[0].Annotations = map[string]string{egress.AnnotationRules: s.stampNow().Rules}
	}
}

// changedAfter is a change of the router's rules by anyone, so long after the pod's start.
func changedAfter(after time.Duration) chapter {
	return func(s story) {
		s.Routers[0].Changed, s.Routers[0].Generation = s.Pods[0].Created.Add(after), s.Routers[0].Generation+1
	}
}

// madeAnew is a NAD that was deleted and made again, so long after the pod's start.
func recreated(after time.Duration) chapter {
	return func(s story) {
		nad := &s.NADs[0]
		nad.UID, nad.Generation, nad.Created = "another", 1, s.Pods[0].Created.Add(after)
		nad.Changed = nad.Created
	}
}

// What a pod runs is told by what its template was stamped with, and by how often and when that was changed since.
func TestFreshness(t *testing.T) {
	for _, test := range []struct {
		name  string
		story []chapter
		want  Freshness
	}{
		{"made together", nil, Current},
		{"an upgrade writes annotations", []chapter{write(time.Hour, 0, cno)}, Current},
		{"and recreates the pod within the second", []chapter{write(0, 0, cno)}, Current},
		{"an upgrade writes the same in other words", []chapter{write(time.Hour, 1, cno), reworded}, Current},
		{"in two steps, the second with a pod recreated within the second", []chapter{write(0, 2, cno), reworded}, Current},

		{"restarted, and an upgrade writes annotations", []chapter{write(-time.Hour, 1, cno), restarted, write(time.Hour, 0, cno)}, Current},
		{"restarted, and an upgrade writes the same in other words", []chapter{restarted, write(time.Hour, 1, cno), reworded}, Current},
		{"and once more", []chapter{restarted, write(time.Hour, 2, cno), reworded}, Current},
		{"restarted, changed and put back by a person in other words", []chapter{restarted, write(time.Hour, 2, "kubectl-edit"), reworded}, Doubtful},
		{"restarted, changed and put back before the pod was made", []chapter{restarted, write(-time.Hour, 2, cno)}, Current},
		{"restarted, changed and put back after the pod was made", []chapter{restarted, write(time.Hour, 2, cno)}, Doubtful},
		{"restarted, changed and put back in the second in which the pod was made", []chapter{restarted, write(0, 2, cno)}, Doubtful},
		{"restarted, and its NAD recreated before the pod", []chapter{restarted, recreated(-time.Second)}, Current},
		{"restarted, and its NAD recreated after the pod", []chapter{restarted, recreated(time.Hour)}, Doubtful},

		{"never restarted, changed and put back before the pod was made", []chapter{write(-time.Hour, 2, cno)}, Current},
		{"never restarted, changed and put back after the pod was made", []chapter{write(time.Hour, 2, cno)}, Doubtful},
		{"never restarted, and its NAD recreated after the pod", []chapter{recreated(time.Hour)}, Doubtful},
		{"a NAD of which nobody knows when it was changed", []chapter{write(time.Hour, 1, ""), func(s story) { s.NADs[0].Changed = time.Time{} }}, Doubtful},

		{"rules changed by kubectl apply", []chapter{otherRules, changedAfter(time.Hour), write(time.Hour, 1, cno)}, Doubtful},
		{"and the pod restarted by hand, and an upgrade", []chapter{otherRules, changedAfter(-time.Minute), write(-time.Minute, 1, cno), write(time.Hour, 0, cno)}, Current},
		{"and the pod restarted by hand, and an upgrade that writes it in other words", []chapter{otherRules, changedAfter(-time.Minute), write(time.Hour, 2, cno), reworded}, Current},
		{"restarted, and rules changed by kubectl apply", []chapter{restarted, otherRules, changedAfter(time.Hour), write(time.Hour, 1, cno)}, Outdated},
		{"restarted, rules changed by kubectl apply, the pod evicted, and an upgrade", []chapter{restarted, otherRules, changedAfter(-time.Minute), write(time.Hour, 1, cno)}, Current},
		{"changed, nobody knows when", []chapter{write(time.Hour, 1, cno), func(s story) { s.Routers[0].Changed = time.Time{} }}, Doubtful},

		{"changed by create, which did not get to restart the pod", []chapter{otherRules, changedByUs(time.Hour), write(time.Hour, 1, cno)}, Outdated},
		{"so, in the second in which the pod was made", []chapter{otherRules, changedByUs(0), write(0, 1, cno)}, Outdated},
		{"so, and the pod evicted before the NAD followed", []chapter{otherRules, changedByUs(-time.Minute), write(time.Minute, 1, cno)}, Doubtful},
		{"so, and the pod evicted long after", []chapter{otherRules, changedByUs(-time.Hour), write(time.Hour, 1, cno)}, Current},
		{"changed by create, which has stamped the template", []chapter{otherRules, changedByUs(time.Hour), write(time.Hour, 1, cno), func(s story) { s.Deployments[0].NADHash = s.stampNow().String() }}, Current},
		{"changed by create once, and by another since", []chapter{changedByUs(-time.Hour), otherRules, changedAfter(time.Hour), write(time.Hour, 2, cno)}, Doubtful},

		{"garbage for a stamp", []chapter{stamped("x")}, Current},
		{"garbage, and a NAD that was changed and put back", []chapter{stamped("x"), write(time.Hour, 2, cno)}, Doubtful},
		{"garbage, and the pod restarted since", []chapter{stamped("x"), write(-time.Second, 2, cno)}, Current},
		{"other rules of this very NAD, which is forged", []chapter{func(s story) {
			forged := s.stampNow()
			forged.Rules = "0123456789abcdef"
			stamped(forged.String())(s)
		}}, Current},
		{"a NAD that is wrong, which is EGR211", []chapter{write(time.Hour, 1, "kubectl-edit"), func(s story) {
			s.NADs[0].Config = strings.Replace(s.NADs[0].Config, "8080", "8081", 1)
		}}, Current},
	} {
		t.Run(test.name, func(t *testing.T) { told(t, "operator", test.story, test.want) })
	}
}

// A standalone router's template notes the NAD's text from the first. Nobody but people writes its NAD.
func TestFreshnessStandalone(t *testing.T) {
	for _, test := range []struct {
		name  string
		story []chapter
		want  Freshness
	}{
		{"never changed", []chapter{restarted}, Current},
		{"changed in the same moment, by create", []chapter{restarted, write(0, 1, "kubectl-egress")}, Current},
		{"put right later", []chapter{restarted, write(time.Second, 2, "kubectl-egress")}, Doubtful},
		{"and the pod restarted since", []chapter{restarted, write(-time.Second, 2, "kubectl-egress")}, Current},
		{"recreated later", []chapter{restarted, recreated(time.Second)}, Doubtful},
		{"nobody knows when", []chapter{restarted, write(0, 1, ""), func(s story) { s.NADs[0].Changed = time.Time{} }}, Doubtful},
		{"changed by hand, in its interface", []chapter{restarted, write(time.Hour, 1, "kubectl-edit"), func(s story) {
			s.NADs[0].Config = strings.Replace(s.NADs[0].Config, `"type":"egress-router"`, `"type":"egress-router","interfaceArgs":{"master":"ens9"}`, 1)
		}}, Outdated},
		{"so, and the pod restarted since", []chapter{restarted, write(-time.Hour, 1, "kubectl-edit"), func(s story) {
			s.NADs[0].Config += " "
		}}, Current},
		{"about to be replaced", []chapter{stamped("0123456789abcdef"), write(time.Hour, 1, "kubectl-egress"), func(s story) {
			s.Deployments[0].NADHash = s.stampNow().Text
		}}, Current},
		{"garbage for a stamp", []chapter{stamped("x")}, Current},
		{"garbage, and a NAD that was changed", []chapter{stamped("x"), write(time.Hour, 1, "kubectl-egress")}, Doubtful},
		{"no stamp, and a NAD that was changed", []chapter{stamped(""), write(time.Hour, 1, "kubectl-egress")}, Doubtful},
	} {
		t.Run(test.name, func(t *testing.T) { told(t, "standalone", test.story, test.want) })
	}
}

// told holds what the judge says after a story against want. Whatever it finds is over once the pod is restarted by
// hand, a second after all that was written.
func told(t *testing.T, from string, chapters []chapter, want Freshness) {
	t.Helper()
	s := story{decode(t, base(t, from))}
	s.Routers[0].Generation = 1
	if from == "operator" {
		s.Routers[0].Changed = s.Routers[0].CreationTimestamp.Time
	}
	for _, tell := range chapters {
		tell(s)
	}
	check := func(want Freshness) {
		t.Helper()
		judged := Judge(s.Snapshot, Options{})
		if got := judged.Progress(s.Routers[0]).Rules; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		found := judged.On(s.Routers[0])
		if says := len(found) > 0 && found[0].Code == finding.OldRules; says != (want != Current) {
			t.Errorf("the findings are %+v", found)
		}
	}
	check(want)
	if s.NADs[0].Changed.IsZero() {
		return
	}
	s.Pods[0].Created = s.Pods[0].Created.Add(2 * time.Hour)
	check(Current)
}
