package neutron

import (
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// putter writes a pair with a client that gives up after a while, on a new connection each time.
func putter(t *testing.T, s *Server) func() (status int, retryAfter string, err error) {
	t.Helper()
	token, err := s.Token("k8s")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() (int, string, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.NetworkURL()+"/v2.0/ports/"+s.Seed().Nodes[0].PortID,
			strings.NewReader(`{"port":{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Auth-Token", token)
		response, err := client.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = response.Body.Close() }()
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, response.Header.Get("Retry-After"), err
	}
}

// TestFaults has each fault happen to the second of three writes.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name       string
		fault      Fault
		status     int // of the second; 0: the connection is reset
		revision   int // after three writes
		retryAfter string
	}{
		{"500", Fault{Status: 500}, 500, 3, ""},
		{"503 with Retry-After", Fault{Status: 503, RetryAfter: "2"}, 503, 3, "2"},
		{"429 with Retry-After", Fault{Status: 429, RetryAfter: "1"}, 429, 3, "1"},
		{"401", Fault{Status: 401}, 401, 3, ""},
		{"cut before", Fault{Cut: CutBefore}, 0, 3, ""},
		{"cut after", Fault{Cut: CutAfter}, 0, 4, ""},
		{"delay", Fault{Delay: time.Millisecond}, 200, 4, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, Options{Ports: 1})
			put := putter(t, s)
			test.fault.Match = func(r Request) bool { return r.Method == http.MethodPut }
			test.fault.Skip, test.fault.Times = 1, 1
			s.Inject(test.fault)
			var statuses []int
			for i := range 3 {
				status, retryAfter, err := put()
				statuses = append(statuses, status)
				if cut := i == 1 && test.status == 0; cut != errors.Is(err, syscall.ECONNRESET) || !cut && err != nil {
					t.Errorf("write %d: %v", i+1, err)
				}
				if i == 1 && retryAfter != test.retryAfter {
					t.Errorf("Retry-After is %q, want %q", retryAfter, test.retryAfter)
				}
			}
			var noted []int
			for _, request := range s.Requests() {
				noted = append(noted, request.Status)
			}
			want := []int{200, test.status, 200}
			if !reflect.DeepEqual(statuses, want) || !reflect.DeepEqual(noted, want) {
				t.Errorf("got %v, noted %v, want %v", statuses, noted, want)
			}
			if port, _ := s.Port(s.Seed().Nodes[0].PortID); port.Revision != test.revision {
				t.Errorf("the revision is %d, want %d", port.Revision, test.revision)
			}
		})
	}
}

// TestFaultsEnd removes a fault without an end, and has one that another hides.
func TestFaultsEnd(t *testing.T) {
	s := start(t, Options{Ports: 1})
	put := putter(t, s)
	status := func() int {
		got, _, err := put()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	remove := s.Inject(Fault{Status: 500})
	s.Inject(Fault{Status: 503, Times: 1})
	got := []int{status(), status()}
	remove()
	got = append(got, status(), status())
	if want := []int{500, 500, 503, 200}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestThen has another's hand between a read and a write, and a token that ends under a request.
func TestThen(t *testing.T) {
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	client := connect(t, s, "k8s")
	isPut := func(r Request) bool { return r.Method == http.MethodPut }
	s.Inject(Fault{Match: isPut, Times: 1, Then: func() { s.SetPairs(id, []Pair{{IP: "10.0.200.7"}}) }})
	pairs, revision := []ports.AddressPair{{IPAddress: "10.0.200.1"}}, 1
	_, err := ports.Update(t.Context(), client, id, ports.UpdateOpts{AllowedAddressPairs: &pairs, RevisionNumber: &revision}).Extract()
	if !gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) {
		t.Errorf("want 412, got %v", err)
	}
	if port, _ := s.Port(id); !reflect.DeepEqual(port.Pairs, []Pair{{"10.0.200.7", port.MAC}}) {
		t.Errorf("stands %v", port.Pairs)
	}
	s.ResetRequests()
	s.Inject(Fault{Match: isPut, Times: 1, Then: s.ExpireTokens})
	if _, err := ports.Update(t.Context(), client, id, ports.UpdateOpts{AllowedAddressPairs: &pairs}).Extract(); err != nil {
		t.Fatal(err)
	}
	if want, got := map[string]int{"PUT /v2.0/ports/{id}": 2, "POST /v3/auth/tokens": 1}, s.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTimeout has a client give up: it is not kept waiting, and neither is Close.
func TestTimeout(t *testing.T) {
	s := start(t, Options{Ports: 1, Delay: time.Hour})
	client := &http.Client{Timeout: 50 * time.Millisecond}
	response, err := client.Get(s.NetworkURL())
	if err == nil {
		_ = response.Body.Close()
	}
	if !os.IsTimeout(err) {
		t.Errorf("want a time-out, got %v", err)
	}
}
