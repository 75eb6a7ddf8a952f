package neutron

import (
	"context"
	"fmt"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/endpoints"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/services"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"
)

// defaultDomain is the ID of the domain that Keystone is born with.
const defaultDomain = "default"

// keystone fills a new Keystone, as the user admin that its bootstrap made.
type keystone struct {
	settings
	client *gophercloud.ServiceClient
	roles  map[string]string // IDs by name
}

// fillKeystone makes the catalogue, the projects and their users, and returns how to log in as each.
func fillKeystone(ctx context.Context, s settings) (cloudsFile, error) {
	admin, err := s.identity(ctx, "admin", "admin")
	if err != nil {
		return cloudsFile{}, err
	}
	k := keystone{settings: s, client: admin}
	if err := k.readRoles(ctx); err != nil {
		return cloudsFile{}, err
	}
	if err := k.fillCatalogue(ctx); err != nil {
		return cloudsFile{}, err
	}
	names := cloudNames()
	file := cloudsFile{Clouds: map[string]cloudEntry{names.Admin: s.passwordCloud("admin", "admin")}}
	for _, project := range []struct {
		name  string
		users map[string][]string // roles by user
	}{
		{"service", map[string][]string{"neutron": {"admin"}}},
		{"k8s", map[string][]string{names.Owner: {"member", "reader"}, names.Reader: {"reader"}}},
		{"other", map[string][]string{names.Other: {"member", "reader"}}},
	} {
		created, err := projects.Create(ctx, admin, projects.CreateOpts{Name: project.name, DomainID: defaultDomain}).Extract()
		if err != nil {
			return cloudsFile{}, fmt.Errorf("making project %s: %w", project.name, err)
		}
		for user, granted := range project.users {
			if err := k.makeUser(ctx, user, created.ID, granted); err != nil {
				return cloudsFile{}, err
			}
			file.Clouds[user] = s.passwordCloud(user, project.name)
		}
	}
	delete(file.Clouds, "neutron") // Neutron's own account is nobody's cloud
	file.Clouds[names.OwnerAppCred], err = s.makeAppCred(ctx, names.Owner, "k8s")
	return file, err
}

// identity is a client of Keystone with the rights of user in project. It goes by Keystone's URL, since
// the catalogue is still empty.
func (s settings) identity(ctx context.Context, user, project string) (*gophercloud.ServiceClient, error) {
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: s.keystoneURL(), Username: user, Password: s.Password, DomainID: defaultDomain,
		Scope: &gophercloud.AuthScope{ProjectName: project, DomainID: defaultDomain},
	})
	if err != nil {
		return nil, fmt.Errorf("logging in to Keystone as %s: %w", user, err)
	}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: s.keystoneURL() + "/", Type: "identity"}, nil
}

func (k *keystone) readRoles(ctx context.Context) error {
	pages, err := roles.List(k.client, nil).AllPages(ctx)
	if err != nil {
		return fmt.Errorf("listing Keystone's roles: %w", err)
	}
	all, err := roles.ExtractRoles(pages)
	if err != nil {
		return fmt.Errorf("listing Keystone's roles: %w", err)
	}
	k.roles = make(map[string]string, len(all))
	for _, role := range all {
		k.roles[role.Name] = role.ID
	}
	return nil
}

// fillCatalogue says where Neutron is, and Keystone itself: the bootstrap was told no address.
func (k *keystone) fillCatalogue(ctx context.Context) error {
	for _, service := range []struct{ kind, name, url string }{
		{"identity", "keystone", k.keystoneURL()},
		{"network", "neutron", k.neutronURL()},
	} {
		created, err := services.Create(ctx, k.client, services.CreateOpts{
			Type: service.kind, Extra: map[string]any{"name": service.name},
		}).Extract()
		if err != nil {
			return fmt.Errorf("entering %s into the catalogue: %w", service.name, err)
		}
		for _, side := range []gophercloud.Availability{gophercloud.AvailabilityPublic, gophercloud.AvailabilityInternal, gophercloud.AvailabilityAdmin} {
			err := endpoints.Create(ctx, k.client, endpoints.CreateOpts{
				Availability: side, Region: region, URL: service.url, ServiceID: created.ID,
			}).Err
			if err != nil {
				return fmt.Errorf("entering the %s address of %s into the catalogue: %w", side, service.name, err)
			}
		}
	}
	return nil
}

func (k *keystone) makeUser(ctx context.Context, name, project string, granted []string) error {
	user, err := users.Create(ctx, k.client, users.CreateOpts{Name: name, Password: k.Password, DomainID: defaultDomain}).Extract()
	if err != nil {
		return fmt.Errorf("making user %s: %w", name, err)
	}
	for _, role := range granted {
		err := roles.Assign(ctx, k.client, k.roles[role], roles.AssignOpts{UserID: user.ID, ProjectID: project}).ExtractErr()
		if err != nil {
			return fmt.Errorf("giving user %s the role %s: %w", name, role, err)
		}
	}
	return nil
}

// makeAppCred makes an application credential of user, which only that user can.
func (s settings) makeAppCred(ctx context.Context, user, project string) (cloudEntry, error) {
	client, err := s.identity(ctx, user, project)
	if err != nil {
		return cloudEntry{}, err
	}
	self, err := tokens.Get(ctx, client, client.Token()).ExtractUser()
	if err != nil {
		return cloudEntry{}, fmt.Errorf("asking Keystone who %s is: %w", user, err)
	}
	made, err := applicationcredentials.Create(ctx, client, self.ID, applicationcredentials.CreateOpts{Name: "kubectl-egress"}).Extract()
	if err != nil {
		return cloudEntry{}, fmt.Errorf("making an application credential of %s: %w", user, err)
	}
	return s.appCredCloud(made.ID, made.Secret), nil
}
