package neutron

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
)

// start starts a server that ends with the test.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// reply is an answer as a test looks at it.
type reply struct {
	status int
	header http.Header
	body   string
}

// kind is the type of a NeutronError; empty for any other body.
func (r reply) kind() string { return r.neutron().Type }

func (r reply) neutron() (e struct{ Type, Message, Detail string }) {
	var body struct {
		NeutronError *struct{ Type, Message, Detail string }
	}
	if json.Unmarshal([]byte(r.body), &body) == nil && body.NeutronError != nil {
		return *body.NeutronError
	}
	return e
}

// into reads the body.
func (r reply) into(t *testing.T, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), to); err != nil {
		t.Fatalf("reading %s: %v", r.body, err)
	}
}

// port is the port in a body.
func (r reply) port(t *testing.T) (p struct {
	ID       string `json:"id"`
	Revision int    `json:"revision_number"`
	Pairs    []Pair `json:"allowed_address_pairs"`
}) {
	t.Helper()
	var body struct{ Port any }
	body.Port = &p
	r.into(t, &body)
	return p
}

// send sends a request to Neutron as a cloud of CloudsYAML; headers are name, value, name, value.
func send(t *testing.T, s *Server, cloud, method, path, body string, headers ...string) reply {
	t.Helper()
	token, err := s.Token(cloud)
	if err != nil {
		t.Fatal(err)
	}
	return sendTo(t, s.NetworkURL()+path, method, body, append([]string{"X-Auth-Token", token}, headers...)...)
}

func sendTo(t *testing.T, url, method, body string, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(data)}
}

// putPairs replaces the pairs of a port as k8s does; pairs are JSON.
func putPairs(t *testing.T, s *Server, port, pairs string, headers ...string) reply {
	t.Helper()
	return send(t, s, "k8s", http.MethodPut, "/v2.0/ports/"+port, `{"port":{"allowed_address_pairs":`+pairs+`}}`, headers...)
}

func guard(revision int) []string {
	return []string{"If-Match", fmt.Sprintf("revision_number=%d", revision)}
}

// connect is gophercloud's client for Neutron, as the adapter has it.
func connect(t *testing.T, s *Server, cloud string) *gophercloud.ServiceClient {
	t.Helper()
	auth, endpoint, tls, err := clouds.Parse(clouds.WithCloudName(cloud), clouds.WithCloudsYAML(strings.NewReader(string(s.CloudsYAML()))))
	if err != nil {
		t.Fatal(err)
	}
	auth.AllowReauth = true
	provider, err := config.NewProviderClient(t.Context(), auth, config.WithTLSConfig(tls))
	if err != nil {
		t.Fatal(err)
	}
	network, err := openstack.NewNetworkV2(provider, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return network
}
