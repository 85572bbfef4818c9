"""What the retrieval benchmark needs: a collection of judged queries, our search over it, and its peers."""
