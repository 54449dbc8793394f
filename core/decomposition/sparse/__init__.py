"""Sparse autoencoders: TopK, BatchTopK and JumpReLU, streamed, resumable, their gradients written out."""

from core.decomposition.sparse.training import batchtopk_sae, jumprelu_sae, topk_sae

__all__ = ["batchtopk_sae", "jumprelu_sae", "topk_sae"]
