package finding

import "testing"

func TestCaller(t *testing.T) {
	for caller, want := range map[Caller][3]string{
		{}:                          {"kubectl egress", "kubectl egress get -A", "kubectl logs pod -n a -- x"},
		{Command: "oc egress"}:      {"oc egress", "oc egress get -A", "oc logs pod -n a -- x"},
		{Command: "kubectl-egress"}: {"kubectl-egress", "kubectl-egress get -A", "kubectl logs pod -n a -- x"},
		{Command: "oc-egress"}:      {"oc-egress", "oc-egress get -A", "oc logs pod -n a -- x"},
		{Context: "a b"}:            {"kubectl egress", "kubectl egress get --context 'a b' -A", "kubectl logs pod -n a --context 'a b' -- x"},
	} {
		got := [3]string{caller.String(), caller.Egress("", "get", "-A"), caller.Kubectl("a", "logs", "pod", "--", "x")}
		if got != want {
			t.Errorf("%+v: got %q, want %q", caller, got, want)
		}
	}
}

func TestPiped(t *testing.T) {
	got := Caller{Context: "c"}.Piped(map[string]string{"name": "it's"}, "auth", "reconcile")
	if want := `echo '{"name":"it'"'"'s"}' | kubectl auth reconcile --context c -f -`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRun(t *testing.T) {
	run := Run{Verb: []string{"preflight", "vsphere"}, Scope: []string{"a", "b"}, Namespace: "shop", Flags: []string{"--require=minimal", "--vsphere-url=v"}}
	byHand := Run{Verb: []string{"preflight", "openstack"}, Flags: []string{"--address=192.0.2.1", "--node=n"}}
	for got, want := range map[string]string{
		run.Again("--fix"):                          "kubectl egress preflight vsphere a b -n shop --require=minimal --vsphere-url=v --fix",
		run.On("other/c", "--require=docs"):         "kubectl egress preflight vsphere c -n other --vsphere-url=v --require=docs",
		byHand.On("192.0.2.1", "--fix"):             "kubectl egress preflight openstack --address=192.0.2.1 --node=n --fix",
		Run{Verb: []string{"status"}}.On("ns/$(x)"): "kubectl egress status '$(x)' -n ns",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
