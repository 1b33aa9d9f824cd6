"""Plain Keras layers that components are made of. They know nothing of kinds, slots or registries."""
