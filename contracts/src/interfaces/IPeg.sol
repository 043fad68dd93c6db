// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// One end of a two-way peg between two chains (protocol.md 9). A token is locked where it lives, minted on the
/// other chain as a token of the Peg there, burnt to come back, and unlocked. What happened on the other chain
/// is attested by at least `threshold` of the attesters, which are fixed with both ends at construction; nobody
/// owns a Peg. `token` is always the locked token by its address where it lives; amounts are base units.
interface IPeg {
    /// A lock or a burn on the other chain, as its event tells it. (transactionHash, logIndex) name it once and
    /// for all: it is done here at most once, whatever it is attested to be.
    struct Transfer {
        bytes32 transactionHash;
        /// Of the log in its height, as receipts count.
        uint256 logIndex;
        address token;
        uint256 amount;
        address recipient;
    }

    /// What a token of the other chain says of itself.
    struct TokenIdentity {
        address token;
        string name;
        string symbol;
        uint8 decimals;
    }

    struct Attestation {
        address attester;
        /// r ‖ s ‖ v, or what an attester with code accepts (ERC-1271).
        bytes signature;
    }

    /// `amount` is what arrived; `recipient` is an account of the other chain.
    event Locked(address indexed account, address indexed token, address indexed recipient, uint256 amount);
    event Unlocked(
        address indexed recipient,
        address indexed token,
        bytes32 indexed transactionHash,
        uint256 logIndex,
        address to,
        uint256 amount
    );
    event Minted(
        address indexed recipient,
        address indexed token,
        bytes32 indexed transactionHash,
        uint256 logIndex,
        uint256 amount
    );
    event Burned(address indexed account, address indexed token, address indexed recipient, uint256 amount);
    event TokenIntroduced(
        address indexed token, address indexed pegged, string name, string symbol, uint8 decimals
    );

    error OtherChainRefused(uint256 otherChain);
    error OtherPegRefused(address otherPeg);
    error AttesterCountOutOfRange(uint256 count, uint256 most);
    /// Attesters ascend, at construction and in each call: so nobody counts twice.
    error AttestersNotAscending(address before, address attester);
    error ThresholdOutOfRange(uint256 threshold, uint256 least, uint256 most);
    error RecipientRefused(address recipient);
    /// A token of this Peg is burnt to go back, not locked.
    error TokenIsPegged(address pegged);
    error TokenNotIntroduced(address token);
    error TokenAlreadyIntroduced(address token, address pegged);
    error TooFewAttestations(uint256 count, uint256 threshold);
    error NotAttester(address account);
    error AttestationRefused(address attester);
    error TransferAlreadyDone(bytes32 transactionHash, uint256 logIndex);
    error LockedTooLittle(address token, uint256 locked, uint256 asked);
    error NotRecipient(address recipient, address sender);

    // ── where the token lives ──

    /// Takes tokens that msg.sender approved; `recipient` gets what arrives here as pegged tokens there.
    function lock(address token, uint256 amount, address recipient) external;

    /// Pays out what was burnt on the other chain. Anyone may send it for the recipient; the recipient itself may
    /// have it paid to any other address, where its own cannot receive the token.
    function unlock(Transfer calldata burnt, Attestation[] calldata attestations, address to) external;

    // ── where it is a pegged token ──

    /// Makes the pegged token, once and before the first mint; names and decimals are attested like transfers.
    function introduce(TokenIdentity calldata identity, Attestation[] calldata attestations)
        external
        returns (address pegged);

    /// Mints to the recipient what was locked on the other chain; anyone may send it.
    function mint(Transfer calldata locked, Attestation[] calldata attestations) external;

    /// Burns pegged tokens of msg.sender; `recipient` gets as many of the real ones on the other chain.
    function burn(address token, uint256 amount, address recipient) external;

    // ── views ──

    /// Chain id and Peg of the other end: events of that contract, and of no other, may be attested for this one.
    function otherChain() external view returns (uint256);
    function otherPeg() external view returns (address);
    function threshold() external view returns (uint256);
    function attesters() external view returns (address[] memory);
    function isAttester(address account) external view returns (bool);

    /// Base units of a token of this chain that are locked here.
    function locked(address token) external view returns (uint256);

    /// The pegged token of a token of the other chain; zero before it is introduced.
    function peggedOf(address token) external view returns (address);

    function isDone(bytes32 transactionHash, uint256 logIndex) external view returns (bool);

    /// What attesters sign (EIP-712) so that a lock or a burn on the other chain, or a token of it, counts here.
    function lockDigest(Transfer calldata locked) external view returns (bytes32);
    function burnDigest(Transfer calldata burnt) external view returns (bytes32);
    function tokenDigest(TokenIdentity calldata identity) external view returns (bytes32);
}
