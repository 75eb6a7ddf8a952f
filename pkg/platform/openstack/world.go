package openstack

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// world is what was read of the cloud for one plan.
type world struct {
	cloud *Cloud
	// servers are IDs by node name; faults say why a node has none.
	servers map[string]string
	faults  map[string]string
	// ports are all that were read, by ID, and by their server's.
	ports    map[string]*port
	byServer map[string][]*port
	// subports are the ports that a trunk carries, by its parent's ID.
	subports map[string][]*port
	// subnets are by network.
	subnets  map[string][]subnet
	networks map[string]network
	groups   map[string]securityGroup
	// holders are the ports that have a reserved address as their own.
	holders map[claim][]*port
	// ofNodes are the ports of the cluster's nodes, by ID.
	ofNodes map[string]*port
}

// readWorld reads what a plan for need has to know. Besides the lists of ports, it sends a number of requests that
// does not grow with the nodes.
func (c *Cloud) readWorld(ctx context.Context, need []platform.Attachment, nodes []platform.Node, recorded map[string][]Pair) (*world, error) {
	w := newWorld(c)
	nodes = slices.Concat(nodes, collect.Map(need, func(at platform.Attachment) platform.Node { return at.Node }))
	if err := w.readNodes(ctx, nodes, recorded); err != nil {
		return nil, err
	}
	if err := w.readSurroundings(ctx, collect.Map(need, func(at platform.Attachment) string { return at.IP.Addr().String() })); err != nil {
		return nil, err
	}
	// A port that is in the address's subnet itself is the one; else a trunk may be what carries it.
	if slices.ContainsFunc(need, func(at platform.Attachment) bool { s := w.place(at); return s.subnet == nil || !s.port.on(s.subnet.ID) }) {
		if err := w.readTrunks(ctx); err != nil {
			return nil, err
		}
		w.noteNodePorts()
		if err := w.readSurroundings(ctx, nil); err != nil {
			return nil, err
		}
	}
	return w, w.readGroups(ctx, need)
}

// readNodes reads the ports of nodes, and those that pairs were written to.
func (w *world) readNodes(ctx context.Context, nodes []platform.Node, recorded map[string][]Pair) error {
	if err := w.readServers(ctx, nodes); err != nil {
		return err
	}
	if err := w.readPorts(ctx, "device_id", slices.Collect(maps.Values(w.servers))); err != nil {
		return err
	}
	if err := w.readRecorded(ctx, recorded); err != nil {
		return err
	}
	// Whether a trunk of a node carries a port that was written to.
	for _, p := range w.ports {
		if p.DeviceOwner == subportOwner {
			if err := w.readTrunks(ctx); err != nil {
				return err
			}
			break
		}
	}
	w.noteNodePorts()
	return nil
}

func newWorld(cloud *Cloud) *world {
	return &world{
		cloud: cloud, servers: map[string]string{}, faults: map[string]string{}, ports: map[string]*port{},
		byServer: map[string][]*port{}, subports: map[string][]*port{}, subnets: map[string][]subnet{},
		networks: map[string]network{}, groups: map[string]securityGroup{}, holders: map[claim][]*port{},
	}
}

// readServers finds the server of each node: by its provider ID, else by its addresses.
func (w *world) readServers(ctx context.Context, nodes []platform.Node) error {
	unnamed := map[string]platform.Node{}
	var wanted []string
	for _, node := range nodes {
		id, err := server(node, w.cloud.region)
		switch {
		case err != nil:
			w.faults[node.Name] = err.Error()
		case id != "":
			w.servers[node.Name] = id
		case len(node.Addresses) == 0:
			w.faults[node.Name] = "it has neither a provider ID nor an address"
		default:
			unnamed[node.Name] = node
			wanted = append(wanted, addresses(node)...)
		}
	}
	found, err := w.cloud.portsWithAddress(ctx, collect.Unique(wanted))
	if err != nil {
		return err
	}
	for name, node := range unnamed {
		w.serverByAddress(name, addresses(node), found)
	}
	return nil
}

// serverByAddress picks the server that has one of own. Addresses repeat between networks, so there may be several.
func (w *world) serverByAddress(name string, own []string, found []*port) {
	var servers []string
	for _, p := range found {
		holds := slices.ContainsFunc(own, func(address string) bool { return has(p, address) })
		if ofServer(p) && holds && !slices.Contains(servers, p.DeviceID) {
			servers = append(servers, p.DeviceID)
		}
	}
	switch len(servers) {
	case 1:
		w.servers[name] = servers[0]
	case 0:
		w.faults[name] = "it has no provider ID, and no server's port in project " + w.cloud.project.String() + " has an address of it (" + strings.Join(own, ", ") + ")"
	default:
		slices.Sort(servers)
		w.faults[name] = "it has no provider ID, and several servers have an address of it: " + strings.Join(servers, ", ")
	}
}

// readRecorded reads the ports that pairs were written to and that no node in question has.
func (w *world) readRecorded(ctx context.Context, recorded map[string][]Pair) error {
	unread := collect.Filter(slices.Concat(slices.Collect(maps.Values(recorded))...), func(p Pair) bool { return p.Port != "" && w.ports[p.Port] == nil })
	return w.readPorts(ctx, "id", collect.Map(unread, func(p Pair) string { return p.Port }))
}

// readPorts reads the ports for which the filter name has any of values.
func (w *world) readPorts(ctx context.Context, name string, values []string) error {
	found, err := w.cloud.ports(ctx, name, collect.Unique(values))
	for _, p := range found {
		w.ports[p.ID] = p
		if ofServer(p) {
			w.byServer[p.DeviceID] = append(w.byServer[p.DeviceID], p)
		}
	}
	return err
}

// readTrunks reads the trunks whose parent is a node's port, and the ports that they carry.
func (w *world) readTrunks(ctx context.Context) error {
	found, err := w.cloud.trunks(ctx)
	if err != nil {
		return err
	}
	parents, ids := map[string]string{}, []string{}
	for _, trunk := range found {
		if w.ports[trunk.PortID] == nil {
			continue
		}
		for _, sub := range trunk.Subports {
			parents[sub.PortID] = trunk.PortID
			ids = append(ids, sub.PortID)
		}
	}
	if err := w.readPorts(ctx, "id", ids); err != nil {
		return err
	}
	for _, id := range collect.Unique(ids) {
		if p := w.ports[id]; p != nil {
			w.subports[parents[id]] = append(w.subports[parents[id]], p)
		}
	}
	return nil
}

// readSurroundings reads side by side the networks of the ports, and who holds the reserved addresses.
func (w *world) readSurroundings(ctx context.Context, addresses []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.readSubnets(ctx) })
	group.Go(func() error { return w.readNetworks(ctx) })
	group.Go(func() error { return w.readHolders(ctx, addresses) })
	return group.Wait()
}

// ofServer reports whether p is an interface of a server.
func ofServer(p *port) bool { return strings.HasPrefix(p.DeviceOwner, "compute:") }

// has reports whether address is one of p's own.
func has(p *port, address string) bool {
	return slices.ContainsFunc(p.FixedIPs, func(fixed ports.IP) bool { return canonicalIP(fixed.IPAddress) == canonicalIP(address) })
}
