// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPeg} from "./interfaces/IPeg.sol";
import {Signatures} from "./lib/Signatures.sol";
import {Transfers} from "./lib/Transfers.sol";
import {PeggedToken} from "./PeggedToken.sol";

/// Both sides of a peg in one: for tokens of this chain it locks, for tokens of the other it mints. At any time,
/// of every token: what is locked on its own chain = the supply of its pegged token on the other + locks and
/// burns that are under way.
contract Peg is IPeg, EIP712, ReentrancyGuardTransient {
    /// So that no attestation needs more gas than a height has.
    uint256 public constant ATTESTERS_MAX = 64;

    // Locks and burns are types of their own: otherwise what was burnt could be minted, as if a token lived at
    // the same address on both chains.
    bytes32 private constant LOCK = keccak256(
        "PegLock(uint256 sourceChain,address sourceContract,bytes32 transactionHash,uint256 logIndex,"
        "address token,uint256 amount,address recipient)"
    );
    bytes32 private constant BURN = keccak256(
        "PegBurn(uint256 sourceChain,address sourceContract,bytes32 transactionHash,uint256 logIndex,"
        "address token,uint256 amount,address recipient)"
    );
    bytes32 private constant TOKEN = keccak256(
        "PegToken(uint256 sourceChain,address sourceContract,address token,string name,string symbol,"
        "uint8 decimals)"
    );

    /// @inheritdoc IPeg
    uint256 public immutable otherChain;
    /// @inheritdoc IPeg
    address public immutable otherPeg;
    /// @inheritdoc IPeg
    uint256 public immutable threshold;
    /// @inheritdoc IPeg
    mapping(address account => bool) public isAttester;
    /// @inheritdoc IPeg
    mapping(address token => uint256) public locked;
    /// @inheritdoc IPeg
    mapping(address token => address) public peggedOf;
    mapping(address pegged => bool) private isPegged;
    /// @inheritdoc IPeg
    mapping(bytes32 transactionHash => mapping(uint256 logIndex => bool)) public isDone;
    address[] private attesterList;

    /// `attesters_` ascend; `threshold_` is more than half of them, so that two contradicting attestations need
    /// at least one attester in common.
    constructor(uint256 otherChain_, address otherPeg_, address[] memory attesters_, uint256 threshold_)
        EIP712("Papyrus", "1")
    {
        if (otherChain_ == 0 || otherChain_ == block.chainid) revert OtherChainRefused(otherChain_);
        if (otherPeg_ == address(0)) revert OtherPegRefused(otherPeg_);
        uint256 count = attesters_.length;
        if (count == 0 || count > ATTESTERS_MAX) revert AttesterCountOutOfRange(count, ATTESTERS_MAX);
        uint256 least = count / 2 + 1;
        if (threshold_ < least || threshold_ > count) revert ThresholdOutOfRange(threshold_, least, count);
        address before = address(0);
        for (uint256 i = 0; i < count; i++) {
            address attester = attesters_[i];
            if (attester <= before) revert AttestersNotAscending(before, attester);
            isAttester[attester] = true;
            before = attester;
        }
        attesterList = attesters_;
        (otherChain, otherPeg, threshold) = (otherChain_, otherPeg_, threshold_);
    }

    /// @inheritdoc IPeg
    function lock(address token, uint256 amount, address recipient) external nonReentrant {
        requireRecipient(recipient, otherPeg);
        if (isPegged[token]) revert TokenIsPegged(token);
        uint256 received = Transfers.take(token, amount);
        locked[token] += received;
        emit Locked(msg.sender, token, recipient, received);
    }

    /// @inheritdoc IPeg
    function unlock(Transfer calldata burnt, Attestation[] calldata attestations, address to)
        external
        nonReentrant
    {
        if (to != burnt.recipient && msg.sender != burnt.recipient) {
            revert NotRecipient(burnt.recipient, msg.sender);
        }
        requireRecipient(to, address(this));
        useUp(burnt, transferDigest(BURN, burnt), attestations);
        uint256 held = locked[burnt.token];
        if (burnt.amount > held) revert LockedTooLittle(burnt.token, held, burnt.amount);
        locked[burnt.token] = held - burnt.amount;
        emit Unlocked(burnt.recipient, burnt.token, burnt.transactionHash, burnt.logIndex, to, burnt.amount);
        Transfers.send(burnt.token, to, burnt.amount);
    }

    /// @inheritdoc IPeg
    function introduce(TokenIdentity calldata identity, Attestation[] calldata attestations)
        external
        returns (address pegged)
    {
        pegged = peggedOf[identity.token];
        if (pegged != address(0)) revert TokenAlreadyIntroduced(identity.token, pegged);
        requireAttested(tokenDigest(identity), attestations);
        pegged = address(
            new PeggedToken(otherChain, identity.token, identity.name, identity.symbol, identity.decimals)
        );
        peggedOf[identity.token] = pegged;
        isPegged[pegged] = true;
        emit TokenIntroduced(identity.token, pegged, identity.name, identity.symbol, identity.decimals);
    }

    /// @inheritdoc IPeg
    function mint(Transfer calldata locked_, Attestation[] calldata attestations) external {
        PeggedToken pegged = introduced(locked_.token);
        useUp(locked_, transferDigest(LOCK, locked_), attestations);
        emit Minted(
            locked_.recipient, locked_.token, locked_.transactionHash, locked_.logIndex, locked_.amount
        );
        pegged.mint(locked_.recipient, locked_.amount);
    }

    /// @inheritdoc IPeg
    function burn(address token, uint256 amount, address recipient) external {
        requireRecipient(recipient, otherPeg);
        if (amount == 0) revert Transfers.AmountZero();
        PeggedToken pegged = introduced(token);
        emit Burned(msg.sender, token, recipient, amount);
        pegged.burn(msg.sender, amount);
    }

    /// @inheritdoc IPeg
    function attesters() external view returns (address[] memory) {
        return attesterList;
    }

    /// @inheritdoc IPeg
    function lockDigest(Transfer calldata locked_) external view returns (bytes32) {
        return transferDigest(LOCK, locked_);
    }

    /// @inheritdoc IPeg
    function burnDigest(Transfer calldata burnt) external view returns (bytes32) {
        return transferDigest(BURN, burnt);
    }

    /// @inheritdoc IPeg
    function tokenDigest(TokenIdentity calldata identity) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    TOKEN,
                    otherChain,
                    otherPeg,
                    identity.token,
                    keccak256(bytes(identity.name)),
                    keccak256(bytes(identity.symbol)),
                    identity.decimals
                )
            )
        );
    }

    function transferDigest(bytes32 typeHash, Transfer calldata one) private view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    typeHash,
                    otherChain,
                    otherPeg,
                    one.transactionHash,
                    one.logIndex,
                    one.token,
                    one.amount,
                    one.recipient
                )
            )
        );
    }

    function useUp(Transfer calldata one, bytes32 digest, Attestation[] calldata attestations) private {
        if (isDone[one.transactionHash][one.logIndex]) {
            revert TransferAlreadyDone(one.transactionHash, one.logIndex);
        }
        requireAttested(digest, attestations);
        isDone[one.transactionHash][one.logIndex] = true;
    }

    function requireAttested(bytes32 digest, Attestation[] calldata attestations) private view {
        uint256 count = attestations.length;
        if (count < threshold) revert TooFewAttestations(count, threshold);
        address before = address(0);
        for (uint256 i = 0; i < count; i++) {
            address attester = attestations[i].attester;
            if (attester <= before) revert AttestersNotAscending(before, attester);
            if (!isAttester[attester]) revert NotAttester(attester);
            if (!Signatures.isBy(attester, digest, attestations[i].signature)) {
                revert AttestationRefused(attester);
            }
            before = attester;
        }
    }

    function introduced(address token) private view returns (PeggedToken) {
        address pegged = peggedOf[token];
        if (pegged == address(0)) revert TokenNotIntroduced(token);
        return PeggedToken(pegged);
    }

    /// What is paid to nobody, or to the Peg that holds it, would be lost.
    function requireRecipient(address recipient, address peg) private pure {
        if (recipient == address(0) || recipient == peg) revert RecipientRefused(recipient);
    }
}
